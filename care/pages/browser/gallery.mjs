// usage: node gallery.mjs FOLDER [SHOTS]
// Serves the gallery's files as a face would, opens each page light and dark, wide and narrow, at 200 % and on paper, asks
// axe, looks for anything that sticks out or breaks the policy, tries the keyboard, and leaves photographs in SHOTS.
import { createServer } from 'node:http';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SIZES, axe, launch, open, overflows, verdict } from './harness.mjs';

const [folder, shots] = process.argv.slice(2);
const names = readFileSync(join(folder, 'pages.txt'), 'utf8').trim().split('\n');
const headers = Object.fromEntries(readFileSync(join(folder, 'headers.txt'), 'utf8').trim().split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
const types = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml', woff2: 'font/woff2', html: 'text/html; charset=utf-8' };
const server = createServer((request, response) => {
  const path = new URL(request.url, 'http://x').pathname;
  try {
    const body = readFileSync(join(folder, path));
    response.writeHead(200, { ...headers, 'content-type': types[path.split('.').pop()] ?? 'application/octet-stream' }).end(body);
  } catch { response.writeHead(404).end(); }
}).listen(0, '127.0.0.1');
await new Promise((done) => server.once('listening', done));
const base = `http://127.0.0.1:${server.address().port}`;
if (shots) mkdirSync(shots, { recursive: true });

const browser = await launch();
const complaints = [];
let count = 0;
for (const scheme of ['light', 'dark']) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    const page = await open(browser, { viewport, colorScheme: scheme }, complaints);
    // Every language once each way round; the first one every way.
    for (const name of names.filter((one) => one.includes('.en.') || (scheme === 'light') === (size === 'narrow'))) {
      await page.goto(`${base}/${name}`);
      await page.evaluate(() => document.fonts.ready);
      count += 1;
      const told = [...await axe(page), ...await overflows(page)];
      complaints.push(...told.map((what) => `${name} ${scheme} ${size}: ${what}`));
      const seen = shots && (scheme === 'light' ? name.includes('.en.') || size === 'narrow' : name.includes('.en.'));
      if (seen) await page.screenshot({ path: join(shots, `${name.replace('.html', '')}.${scheme}.${size}.png`), fullPage: true });
    }
    await page.context().close();
  }
}

// 200 %: half the width at twice the density is what a browser does when it zooms. Sent to paper: nothing is lost but what acts.
const zoomed = await open(browser, { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 }, complaints);
for (const name of names.filter((one) => one.includes('.en.'))) {
  await zoomed.goto(`${base}/${name}`);
  complaints.push(...(await overflows(zoomed)).map((what) => `${name} at 200 %: ${what}`));
  await zoomed.emulateMedia({ media: 'print' });
  if (!(await zoomed.getByRole('note').first().isVisible())) complaints.push(`${name}: the paper does not say that this is no medical device`);
  if (shots && name.includes('sheet')) await zoomed.pdf({ path: join(shots, `${name}.pdf`), format: 'A4' });
  await zoomed.emulateMedia({ media: 'screen' });
  count += 1;
}
await zoomed.context().close();

// The keyboard alone: the skip link leads to the content; a dialog opens, keeps the focus, closes with Escape and gives it back.
const page = await open(browser, { viewport: SIZES.wide }, complaints);
await page.goto(`${base}/programmer-review.en.html`);
await page.keyboard.press('Tab');
if (await page.evaluate(() => document.activeElement.className) !== 'skip') complaints.push('the first stop of the keyboard is not the skip link');
await page.keyboard.press('Enter');
const opener = page.getByRole('button', { name: 'Stop the pump' }).first();
await opener.focus();
await page.keyboard.press('Space');
if (!(await page.locator('#stop').evaluate((dialog) => dialog.matches(':modal')))) complaints.push('Space does not open the dialog');
if (shots) await page.screenshot({ path: join(shots, 'dialog.png') });
for (let n = 0; n < 5; n += 1) await page.keyboard.press('Tab');
if (!(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('#stop') !== null))) complaints.push('the focus leaves the open dialog');
complaints.push(...(await axe(page)).map((what) => `open dialog: ${what}`));
await page.keyboard.press('Escape');
if (!(await opener.evaluate((element) => element === document.activeElement))) complaints.push('the focus does not come back from the dialog');

// A schedule's step is dragged, and the field holds what was dragged; by keyboard the field alone does it.
await page.goto(`${base}/programmer-schedule.en.html`);
const handle = page.locator('.chart-wide .handle').nth(2);
const box = await handle.boundingBox();
await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
await page.mouse.down();
await page.mouse.move(box.x + box.width / 2, box.y - 40, { steps: 4 });
await page.mouse.up();
const dragged = Number(await page.locator('#rate-2').inputValue());
if (!(dragged > 10)) complaints.push(`dragging the third step up left ${dragged} in its field`);

// Without scripts: the dialog's place opens in the page.
const plain = await open(browser, { viewport: SIZES.wide, javaScriptEnabled: false }, complaints);
await plain.goto(`${base}/programmer-review.en.html`);
await plain.getByRole('button', { name: 'Send to the pump' }).click();
if (!(await plain.locator('#send').isVisible())) complaints.push('without scripts the confirmation does not open');

await browser.close();
server.close();
verdict('gallery', count, complaints);
