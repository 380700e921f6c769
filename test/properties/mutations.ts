import fc from 'fast-check';
import type { ApiImage, EmulatedAccount } from '../../src/emulator/account.ts';

/** Something that happens to an account, chosen by a seed. */
export interface Mutation {
  readonly kind: 'upload' | 'delete' | 'patch' | 'flag' | 'replace' | 'return' | 'announce';
  readonly seed: number;
}

export const mutations: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('upload', 'delete', 'patch', 'flag', 'replace', 'return', 'announce'),
  seed: fc.nat(1_000_000),
});

/** Bodies that differ in the ways that matter: absent, null, empty, numbers, unknown fields. */
const BODIES: readonly Omit<ApiImage, 'id'>[] = [
  {},
  { filename: null, creator: null, meta: null, variants: null },
  { filename: '', creator: '', meta: {}, variants: [] },
  { filename: 'a.png', creator: 'ann', meta: { n: 1, deep: { list: [1, null, 'x'] } } },
  { filename: 'a.png', creator: 'ann', meta: { deep: { list: [1, null, 'x'] }, n: 1 } },
  { filename: 'a.png', creator: 'bob', meta: { n: 2 }, requireSignedURLs: true },
  { filename: 'b.png', uploaded: '2026-01-01T00:00:00.000Z', draft: false, size: 5 },
  { filename: 7, creator: ['x'], variants: ['https://e.test/x/public'] },
];

/** Does it. @param gone - Ids of deleted images, which may come back. */
export function mutate(account: EmulatedAccount, { kind, seed }: Mutation, gone: string[]): void {
  const ids = idsOf(account);
  const id = ids[seed % Math.max(1, ids.length)];
  switch (kind) {
    case 'upload':
      account.upload({ id: `new/${seed}` });
      // Now and then more than a page holds.
      for (let index = 0; seed % 8 === 0 && index < 13; index += 1) {
        account.upload({ id: `new/${seed}/${index}` });
      }
      return;
    case 'return':
      account.upload({ id: gone.pop() ?? `other/${seed}`, filename: 'back' });
      return;
    case 'announce': {
      const draft = gone.at(-1) ?? `draft/${seed}`;
      if (account.find(draft) === undefined) account.announce(draft);
      return;
    }
  }
  if (id === undefined) return;
  switch (kind) {
    case 'patch':
      account.patch(id, { creator: `c${seed % 3}`, meta: { n: seed % 4 } });
      return;
    case 'flag':
      account.patch(id, { requireSignedURLs: seed % 2 === 0 });
      return;
    case 'replace':
      account.replace(id, { id, ...BODIES[seed % BODIES.length] });
      return;
    case 'delete':
      account.delete(id);
      gone.push(id);
  }
}

export function idsOf(account: EmulatedAccount): string[] {
  return account.all().map(({ id }) => id);
}
