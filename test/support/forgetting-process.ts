/** A process of its own that forgets the past of an inventory: `node forgetting-process.ts FILE DAY`. */
import { argv } from 'node:process';
import { forgetDays } from './forgetting.ts';

const [file = '', before] = argv.slice(2);
forgetDays(file, Number(before));
