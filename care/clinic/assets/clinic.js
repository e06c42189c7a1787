// What makes the clinic's pages live: parts marked data-live are asked for again when something of their kind changed.
(() => {
  'use strict';
  const live = () => [...document.querySelectorAll('[data-live]')];
  let waiting = new Set();
  let timer = null;

  // A part that somebody types in stays as it is; it comes back when they have gone on.
  const isBusy = (part) => part.contains(document.activeElement) && document.activeElement.matches('input, textarea, select');

  const refresh = async () => {
    timer = null;
    const kinds = waiting;
    waiting = new Set();
    const wanted = live().filter((part) => kinds.has('everything') || part.dataset.live.split(' ').some((kind) => kinds.has(kind)));
    if (wanted.length === 0) return;
    const answer = await fetch(location.href, { headers: { 'x-live': 'yes' }, credentials: 'same-origin' });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const part of wanted) {
      const next = fresh.getElementById(part.id);
      if (next && !isBusy(part) && !part.querySelector('dialog[open]')) part.replaceWith(document.adoptNode(next));
    }
    const clock = fresh.querySelector('.now');
    const shown = document.querySelector('.now');
    if (clock && shown) shown.replaceWith(document.adoptNode(clock));
  };

  if (document.querySelector('form[action="/sign-out"]') && live().length > 1 && 'EventSource' in window) {
    const source = new EventSource('/live');
    source.addEventListener('changed', (event) => {
      event.data.split(' ').forEach((kind) => waiting.add(kind));
      if (!timer) timer = setTimeout(refresh, 600);
    });
  }

  // Passkeys. Bytes travel as base64url.
  const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const bytes = (value) => Uint8Array.from(atob(value.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const post = async (path, body, token) => {
    const answer = await fetch(path, { method: 'POST', credentials: 'same-origin', headers: { 'content-type': 'application/json', 'x-form-token': token || '' }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.json();
  };
  const say = (words) => { const place = document.getElementById('passkey-says'); if (place) place.textContent = words; };

  document.addEventListener('click', async (event) => {
    const button = event.target.closest('[data-passkey]');
    if (!button) return;
    event.preventDefault();
    try {
      if (button.dataset.passkey === 'sign-in') {
        const asked = await post('/passkey/challenge', {});
        const got = await navigator.credentials.get({ publicKey: { challenge: bytes(asked.challenge), rpId: asked.host, userVerification: 'required' } });
        const r = got.response;
        const done = await post('/passkey/sign-in', { id: text(got.rawId), challenge: asked.challenge, client: text(r.clientDataJSON), auth: text(r.authenticatorData), signature: text(r.signature) });
        location.assign(done.go);
      } else {
        const token = button.dataset.token;
        const asked = await post('/me/passkey/challenge', {}, token);
        const made = await navigator.credentials.create({ publicKey: {
          challenge: bytes(asked.challenge), rp: { id: asked.host, name: 'Nepenthe' },
          user: { id: new TextEncoder().encode(asked.person), name: asked.name, displayName: asked.name },
          pubKeyCredParams: [{ type: 'public-key', alg: -7 }], attestation: 'none',
          authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        } });
        await post('/me/passkey', { challenge: asked.challenge, client: text(made.response.clientDataJSON), attestation: text(made.response.attestationObject) }, token);
        location.reload();
      }
    } catch (why) {
      say('The passkey was not taken. Try again, or use the password.');
    }
  });
})();
