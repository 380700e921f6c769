/** Loaded into a process of the real program: whatever it does, its connections to the API never end. */
import { Pool } from 'undici';

Pool.prototype.destroy = () => new Promise(() => undefined);
setInterval(() => undefined, 2 ** 30);
