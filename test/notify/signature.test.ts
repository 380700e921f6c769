import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/inventory/credentials.ts';
import { createSigner } from '../../src/notify/signature.ts';
import { failureOf } from '../inventory/failure-of.ts';

const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const BODY = '{"test": 2432232314}';
const AT = 1_614_265_330_999;

describe('the signature', () => {
  test('is the one that the libraries of the specification make, by their own example', () => {
    const sign = createSigner(new Secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'));
    expect(sign(ID, BODY, AT)).toEqual({
      'webhook-id': ID,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test('takes a secret without the prefix as it stands', () => {
    // printf '%s' "$ID.1614265330.$BODY" | openssl dgst -sha256 -hmac 'plain-secret' -binary | base64
    const sign = createSigner(new Secret('plain-secret'));
    expect(sign(ID, BODY, AT)['webhook-signature']).toBe(
      'v1,3Iu+JbC8cHey9rJURLZfxQoX30vMfLebm9Kn1ePn6f4=',
    );
  });

  test.for(['', 'not base64!', 'YWJj\n', 'YWI', 'YW-_', 'YWJj='])(
    'is not made with "whsec_%s", of which receivers would make different keys',
    (rest) => {
      const failure = failureOf(() => createSigner(new Secret(`whsec_${rest}`)));
      expect(failure.code).toBe('CONFIG_INVALID');
      if (rest !== '') expect(`${failure.message} ${failure.hint ?? ''}`).not.toContain(rest);
    },
  );
});
