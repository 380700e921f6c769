/** A preload (`--import`) that leaves the most memory that its process ever held, in bytes, in the file `PEAK_FILE`. */
import { writeFileSync } from 'node:fs';
import process from 'node:process';

process.on('exit', () => {
  writeFileSync(process.env['PEAK_FILE'] ?? '', String(process.resourceUsage().maxRSS * 1024));
});
