import { describe, expect, it } from 'vitest';
import { EmulatedAccount } from '../../src/emulator/account.ts';
import { createGenerator } from '../../src/emulator/generate.ts';

const MANY = 20_000;

const account = (seed: number, images = 500): EmulatedAccount =>
  new EmulatedAccount({ id: 'any', images, seed });

describe('generated images', () => {
  it.each([0, 1, -7, 2 ** 31, 123_456_789_012])('are the same for the seed %d', (seed) => {
    expect(account(seed).list(0, 500)).toEqual(account(seed).list(0, 500));
  });

  it('do not depend on the order in which they are asked for', () => {
    const whole = account(5).list(0, 500);
    const other = account(5);

    expect([...other.list(250, 250), ...other.list(0, 250)]).toEqual([
      ...whole.slice(250),
      ...whole.slice(0, 250),
    ]);
  });

  it('do not depend on how many there are: a larger account has the same oldest images', () => {
    expect(account(5, 800).list(300, 500)).toEqual(account(5, 500).list(0, 500));
  });

  it('differ with the seed', () => {
    const other = new Set(account(2).list(0, 500));

    expect(
      account(1)
        .list(0, 500)
        .filter((image) => other.has(image)),
    ).toEqual([]);
  });

  it('have ids of which no two are equal', () => {
    const generator = createGenerator(1);
    const ids = Array.from({ length: MANY }, (_, ordinal) => generator.id(ordinal));

    expect(new Set(ids).size).toBe(MANY);
  });

  it('are found by their ids, all of them', () => {
    const all = account(3, MANY);
    const lost = all.list(0, MANY).filter((text) => {
      const { id } = JSON.parse(text) as { id: string };
      return all.find(id) !== text;
    });

    expect(lost).toEqual([]);
  });

  it('are not found by ids that only look alike', () => {
    const generator = createGenerator(1);
    const others = createGenerator(2);
    const uuids = Array.from({ length: 100 }, (_, n) => others.id(n)).filter(
      (text) => text.length === 36,
    );

    expect(uuids.length).toBeGreaterThan(50);
    for (const text of uuids) expect(generator.ordinal(text)).toBeUndefined();
    for (let n = 0; n < 100; n += 1) {
      expect(generator.ordinal(generator.id(n))).toBe(n);
      expect(generator.ordinal(`${generator.id(n)}0`)).not.toBe(n);
      expect(generator.ordinal(`/${generator.id(n)}`)).toBeUndefined();
    }
  });

  it('are not found beyond the account`s size', () => {
    const generator = createGenerator(1);

    expect(account(1, 10).find(generator.id(9))).toBeDefined();
    expect(account(1, 10).find(generator.id(10))).toBeUndefined();
  });
});
