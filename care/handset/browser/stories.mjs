// usage: node stories.mjs [SHOTS]
// A patient with the handset in a real browser, beside a real virtual pump whose time stands still until it is moved.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { axe, launch, open, overflows, verdict } from '../../pages/browser/harness.mjs';

const shots = process.argv[2];
if (shots) mkdirSync(shots, { recursive: true });
const command = join(process.env.CARGO_TARGET_DIR ?? 'target', 'debug', 'nepenthe');
const folder = mkdtempSync(join(tmpdir(), 'handset-'));
const children = [];

function start(args, words) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    let said = '';
    child.stdout.on('data', (data) => {
      said += data;
      if (words.every((word) => said.includes(word))) done({ child, after: (word) => said.split(word)[1].split('\n')[0].trim() });
    });
    child.on('exit', (code) => fail(new Error(`${args[0]} ended with ${code}: ${said}`)));
  });
}
function tell(...args) {
  const done = spawnSync(command, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${args.join(' ')}: ${done.stdout}${done.stderr}`);
  return done.stdout;
}

const complaints = [];
let count = 0;
const expect = (holds, what) => { count += 1; if (!holds) complaints.push(what); };
let browser;
try {
  const device = 'bench/sim/devices/reference-20.toml';
  const pump = await start(['pump', '--listen', '127.0.0.1:0', '--control', '127.0.0.1:0', '--speed', '0', '--device', device, '--state', join(folder, 'pump')], ['listens on ', 'control on ', 'card ', 'pump is kept: ']);
  const [at, control, card] = [pump.after('listens on '), pump.after('control on '), pump.after('card ')];
  const nurse = ['--keys', join(folder, 'nurse')];
  tell('pump-control', control, 'presence', 'on');
  tell('pair', at, '--card', card, '--role', 'programmer', ...nurse);
  tell('enrol', '--author', '7', '--card', card, ...nurse);
  tell('install', '--catheter', '0.176 mL', ...nurse);
  for (let n = 0; n < 3; n += 1) {
    const drawn = JSON.parse(tell('pump-control', control, 'draw-off')).drawn_off_nl;
    tell('pump-control', control, 'fill', '18 mL', '--mixture', '4 mg/mL morphine');
    tell('refill', '--drawn-off', `${Math.floor(drawn) / 1e6} mL`, '--filled', '18 mL', '--vials', '18 mL', '--mixture', '4 mg/mL morphine', ...nurse);
  }
  tell('clock', '--set', '2026-11-25 08:00', ...nurse);
  tell('program', 'bench/sim/orders/morphine.toml', '--device', device, '--sign', '7', '--yes', ...nurse);
  tell('prime', '--device', device, '--sign', '7', '--yes', ...nurse);
  tell('resume', ...nurse);

  const handset = await start(['handset', '--listen', '127.0.0.1:0', '--data', join(folder, 'handset'), '--every', '1', '--wait-ms', '1000', '--pump', at], ['handset on http://']);
  const base = `http://${handset.after('handset on http://')}`;
  browser = await launch();
  const page = await open(browser, { viewport: { width: 412, height: 892 }, locale: 'en-GB', timezoneId: 'UTC' }, complaints);
  const look = async (name) => {
    await page.evaluate(() => document.fonts.ready);
    complaints.push(...[...await axe(page), ...await overflows(page)].map((what) => `${name}: ${what}`));
    if (shots) await page.screenshot({ path: join(shots, `handset-${name}.png`) });
    if (shots) await page.screenshot({ path: join(shots, `handset-${name}.full.png`), fullPage: true });
    count += 1;
  };
  // A page that renews itself at this very moment is no failure.
  const visit = (path) => page.goto(base + path).catch(() => page.goto(base + path));
  const text = () => page.locator('main').innerText();

  // The first day: pairing with the card, at the skin.
  await visit('/');
  await look('pair');
  await page.getByLabel('Where the pump is reached').fill(at);
  await page.getByLabel('Text of the card').fill(card.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')));
  await page.getByRole('button', { name: 'Pair', exact: true }).click();
  expect((await text()).includes('one was mistyped'), 'a mistyped card is not told');
  expect((await page.getByLabel('Where the pump is reached').inputValue()) === at, 'what was typed is lost');
  await page.getByLabel('Text of the card').fill(card);
  await page.getByRole('button', { name: 'Pair', exact: true }).click();
  await page.getByRole('heading', { name: 'Your pump is working' }).waitFor();
  tell('pump-control', control, 'presence', 'off');
  tell('pump-control', control, 'advance', '2 days');

  await visit('/person');
  for (const [label, value] of [['Name', 'Penelope Demo'], ['Date of birth', '1961-03-04'], ['Clinic', 'Ithaca Pain Clinic'], ['Its telephone by day', '030 000 0417'], ['Its telephone by night', '030 000 0418'], ['Emergency number here', '112'], ['Side of the pump', 'abdomen, left'], ['Next refill booked', '14 Jan, 11:00']]) await page.getByLabel(label, { exact: false }).first().fill(value);
  await look('person');
  await page.getByRole('button', { name: 'Keep' }).click();
  await look('card');
  await visit('/');
  await page.getByText('4 of 4 left').first().waitFor();
  await look('now');

  // A dose: one act, read back, confirmed by the keyboard alone, pressed three times.
  await page.getByRole('link', { name: 'Ask for a dose' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Ask for this dose?' }).waitFor();
  expect((await text()).includes('50 micrograms'), 'the read-back does not say the dose in words');
  const size = await page.getByRole('button', { name: 'Yes, ask now' }).boundingBox();
  expect(size.height >= 64, `the button that asks is ${size.height} px high`);
  await look('ask');
  await page.getByRole('button', { name: 'Yes, ask now' }).evaluate((button) => { button.click(); button.click(); button.click(); });
  await page.getByText('Your pump is giving the dose').waitFor();
  await look('granted');
  tell('pump-control', control, 'advance', '20 min');
  await visit('/');
  await page.getByText('3 of 4 left').first().waitFor();
  await look('wait');
  await page.getByRole('link', { name: 'Ask for a dose' }).click();
  await page.getByRole('button', { name: 'Yes, ask now' }).click();
  await page.getByText('It is too soon after the last dose.').waitFor();
  expect(/Not before \d\d:\d\d/.test(await text()) && (await text()).includes('The pump decides when you ask.'), 'the refusal does not say when');
  await look('refused');

  // A button that is held too long asks for nothing.
  await visit('/ask');
  const button = page.getByRole('button', { name: 'Yes, ask now' });
  const place = await button.boundingBox();
  await page.mouse.move(place.x + 40, place.y + 20);
  await page.mouse.down();
  await page.waitForTimeout(5200);
  await page.mouse.up();
  await page.getByText('The button was held too long.').waitFor();
  expect((await text()).includes('No dose was asked for.'), 'a held button is a press');
  await look('held');

  // The diary, and a red flag that is answered before anything is sent.
  await visit('/diary');
  await page.getByRole('radio', { name: '6', exact: true }).first().check();
  await page.getByLabel('Itching').check();
  await page.getByLabel('What I was doing').fill('gardening');
  await look('diary');
  await page.getByRole('button', { name: 'Keep' }).click();
  await page.getByRole('heading', { name: 'Kept' }).waitFor();
  await look('diary-kept');
  await visit('/symptoms');
  await page.getByLabel('Slow or hard breathing').check();
  await page.getByRole('button', { name: 'Check' }).click();
  expect((await text()).includes('Call the emergency number now'), 'slow breathing is no emergency');
  await look('symptoms');

  // The pump beeps.
  tell('pump-control', control, 'drive', 'stalls', '--for', '6 h');
  tell('pump-control', control, 'advance', '5 h');
  await visit('/alarms');
  await page.getByText('No medicine is given').first().waitFor();
  await look('alarms');
  await visit('/');
  expect(!(await text()).includes('Your pump is working'), 'the pump stands still and the first page says that it is working');
  await look('now-alarm');
  for (const [name, path] of [['log', '/log'], ['team', '/team'], ['more', '/more'], ['travel', '/travel'], ['signals', '/signals'], ['scan', '/scan'], ['view', '/view']]) {
    await visit(path);
    await look(name);
  }

  // From right to left, dark, very large, on the smallest screen.
  await page.getByLabel('العربية').check();
  await page.getByLabel('Very large').check();
  await page.getByLabel('Dark').check();
  await page.getByRole('button', { name: 'Keep this' }).click();
  await page.setViewportSize({ width: 320, height: 640 });
  for (const [name, path] of [['ar-now', '/'], ['ar-alarms', '/alarms'], ['ar-diary', '/diary']]) {
    await visit(path);
    expect((await page.locator('html').getAttribute('dir')) === 'rtl', 'Arabic does not run from right to left');
    await look(name);
  }

  // The app dies: the worker's page says that the pump works without it.
  await page.context().clearCookies();
  await page.setViewportSize({ width: 412, height: 892 });
  await visit('/');
  await page.evaluate(async () => { await navigator.serviceWorker.ready; });
  await page.reload();
  handset.child.removeAllListeners('exit');
  handset.child.kill('SIGKILL');
  const complaintsBefore = complaints.length;
  await page.goto(base).catch(() => {});
  await page.getByText('Your pump works without it').waitFor();
  await page.waitForTimeout(300);
  // That the app is gone is what this is about.
  complaints.length = complaintsBefore;
  expect((await page.locator('body').innerText()).includes('Your pump works without it'), 'with the app gone the browser says nothing of ours');
} finally {
  if (browser) await browser.close();
  for (const child of children) { child.removeAllListeners('exit'); child.kill('SIGKILL'); }
  rmSync(folder, { recursive: true, force: true });
}
verdict('handset', count, complaints);
