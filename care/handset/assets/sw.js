// Keeps style, script and type, so that the app opens at once. Pages with numbers are never kept, and nothing is ever sent
// later: a request that could not be made now is not made.
const KEPT = [/*kept*/];
const NAME = `kept-${KEPT.join('|').length}-${KEPT.length ? KEPT[KEPT.length - 1] : ''}`;
self.addEventListener('install', (event) => event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(KEPT)).then(() => self.skipWaiting())));
self.addEventListener('activate', (event) => event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((name) => name !== NAME).map((name) => caches.delete(name)))).then(() => self.clients.claim())));
const AWAY = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Nepenthe</title><h1>The handset's app is not running</h1><p>Your pump works without it and goes on giving your medicine. Start the app again. If your pump is beeping or you feel unwell, call your team.</p><hr><div lang="de"><h2>Die App läuft nicht</h2><p>Ihre Pumpe arbeitet ohne sie weiter. Starten Sie die App neu. Wenn die Pumpe piept oder es Ihnen schlecht geht, rufen Sie Ihr Team an.</p></div><div lang="ar" dir="rtl"><h2>التطبيق لا يعمل</h2><p>تعمل مضختك بدونه وتستمر في إعطاء دوائك. شغّل التطبيق من جديد. إذا أصدرت المضخة صوتًا أو شعرت بسوء فاتصل بفريقك.</p></div>`;
self.addEventListener('fetch', (event) => {
  if (event.request.method !== 'GET') return;
  if (new URL(event.request.url).pathname.startsWith('/assets/')) {
    event.respondWith(caches.match(event.request).then((kept) => kept || fetch(event.request)));
  } else if (event.request.mode === 'navigate') {
    event.respondWith(fetch(event.request).catch(() => new Response(AWAY, { headers: { 'content-type': 'text/html; charset=utf-8' } })));
  }
});
