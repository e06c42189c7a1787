// Tones, vibration, and pages that follow the pump. What the pump says is read from the handset, never kept here.
(() => {
  'use strict';
  // Each signal differs in rhythm and pitch, low tones first: high ones are the first that ears lose.
  const SIGNALS = {
    granted: { tones: [[523, 0.18], [659, 0.18], [784, 0.3]], buzz: [80] },
    refused: { tones: [[440, 0.35], [330, 0.45]], buzz: [250, 120, 250] },
    error: { tones: [[587, 0.12], [0, 0.1], [587, 0.12], [0, 0.1], [587, 0.12]], buzz: [60, 60, 60, 60, 60] },
    medium: { tones: [[660, 0.5], [0, 0.25], [660, 0.5]], buzz: [400, 200, 400] },
    high: { tones: [[880, 0.2], [587, 0.2], [880, 0.2], [587, 0.2], [880, 0.2], [587, 0.4]], buzz: [500, 100, 500, 100, 500] },
  };
  let audio = null;
  const play = (name) => {
    const signal = SIGNALS[name];
    if (!signal) return;
    // Browsers let a page vibrate once it has been touched.
    if (navigator.vibrate && navigator.userActivation?.hasBeenActive) navigator.vibrate(signal.buzz);
    try {
      audio = audio || new AudioContext();
      let at = audio.currentTime;
      for (const [pitch, seconds] of signal.tones) {
        if (pitch) {
          const tone = audio.createOscillator();
          const loud = audio.createGain();
          tone.type = 'triangle';
          tone.frequency.value = pitch;
          loud.gain.setValueAtTime(0, at);
          loud.gain.linearRampToValueAtTime(0.4, at + 0.02);
          loud.gain.linearRampToValueAtTime(0, at + seconds);
          tone.connect(loud).connect(audio.destination);
          tone.start(at);
          tone.stop(at + seconds);
        }
        at += seconds;
      }
    } catch (nothing) { /* no sound here: words, colour and vibration say it */ }
  };

  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-play]');
    if (button) play(button.dataset.play);
  });
  const signal = document.querySelector('[data-signal]');
  if (signal) play(signal.dataset.signal);

  // How long the button was down goes with the form; the handset judges it. A key that repeats by itself is one press.
  let down = null;
  let held = 0;
  document.addEventListener('pointerdown', (event) => { down = event.timeStamp; }, true);
  document.addEventListener('keydown', (event) => {
    if ((event.key !== 'Enter' && event.key !== ' ') || !event.target.closest('button, a')) return;
    if (event.repeat) event.preventDefault(); else down = event.timeStamp;
  }, true);
  document.addEventListener('click', (event) => { held = down === null ? 0 : event.timeStamp - down; down = null; }, true);
  document.addEventListener('submit', (event) => {
    const field = event.target.querySelector('input[name=held]');
    if (field) field.value = String(Math.round(held));
  }, true);

  // Follows the handset: what changed is put in place without moving the reader, and what must be heard sounds on.
  const live = document.querySelector('[data-live]');
  let mark = null;
  let sounded = 0;
  let shown = Date.now();
  const renew = async () => {
    const focused = document.activeElement;
    const inside = live.contains(focused) ? focused : null;
    if (inside && inside.matches('input, textarea, select')) return;
    const page = new DOMParser().parseFromString(await (await fetch(location.pathname, { cache: 'no-store' })).text(), 'text/html');
    const fresh = page.querySelector('[data-live]');
    if (!fresh) { location.replace(location.pathname); return; }
    live.className = fresh.className;
    live.replaceChildren(...fresh.childNodes);
    const alarms = document.getElementById('alarms');
    const told = page.getElementById('alarms');
    if (alarms && told && alarms.textContent !== told.textContent) alarms.replaceChildren(...told.childNodes);
    if (inside && inside.getAttribute('href')) {
      const same = [...live.querySelectorAll('a')].find((link) => link.getAttribute('href') === inside.getAttribute('href'));
      if (same) same.focus();
    }
    shown = Date.now();
  };
  const follow = async () => {
    try {
      const state = await (await fetch('/state.json', { cache: 'no-store' })).json();
      if (state.sounds !== 'none' && Date.now() - sounded > (state.sounds === 'high' ? 15000 : 60000)) { sounded = Date.now(); play(state.sounds); }
      if (live) {
        // What became of a request is a page of its own, with its own signal.
        if (live.dataset.live === '/asked' && !state.open) { location.replace('/asked'); return; }
        if ((mark !== null && mark !== state.mark) || Date.now() - shown > 55000) await renew();
      }
      mark = state.mark;
    } catch (nothing) { /* the app is not running: the page's age says so */ }
    setTimeout(follow, 1500);
  };
  follow();
  if ('serviceWorker' in navigator) navigator.serviceWorker.register('/sw.js').catch(() => {});
})();
