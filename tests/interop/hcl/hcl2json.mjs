// Paths on standard input, one a line; answers with one JSON object a line, in the same order.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

// Modules lie in the build directory, where this is started.
const { parse } = createRequire(resolve('package.json'))('@cdktf/hcl2json');

for await (const path of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { ok: true, value: await parse(path, readFileSync(path, 'utf8')) };
  } catch (e) {
    answer = { ok: false, error: String(e) };
  }
  console.log(JSON.stringify(answer));
}
// The module leaves something running; what is written must get out first.
process.stdout.write('', () => process.exit(0));
