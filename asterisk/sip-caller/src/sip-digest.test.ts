import { expect, it } from 'vitest';
import { answerChallenge } from './sip-digest.ts';

it('answers the example of RFC 2617', () => {
  const challenge =
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
  const answer = answerChallenge(
    challenge,
    { username: 'Mufasa', password: 'Circle Of Life' },
    { method: 'GET', uri: '/dir/index.html', cnonce: '0a4f113b' },
  );
  expect(answer).toContain('response="6629fae49393a05397450978507c4ef1"');
  expect(answer).toContain('opaque="5ccc069c403ebaf9f0171e9517f40e41"');
});

it('answers the SHA-256 example of RFC 7616', () => {
  const challenge =
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
  const asked = { method: 'GET', uri: '/dir/index.html', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' };
  const answer = answerChallenge(challenge, { username: 'Mufasa', password: 'Circle of Life' }, asked);
  expect(answer).toContain('response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"');
});

it('answers nothing but Digest with an algorithm that it knows', () => {
  const who = { username: 'a', password: 'b' };
  expect(answerChallenge('Basic realm="x"', who, { method: 'INVITE', uri: 'sip:a' })).toBeNull();
  expect(answerChallenge('Digest realm="x", nonce="n", algorithm=SHA-512', who, { method: 'INVITE', uri: 'sip:a' })).toBeNull();
});
