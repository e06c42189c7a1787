// One browser for all stories: Debian's chromium, a fresh profile each time, nothing fetched from anywhere.
import { chromium } from 'playwright-core';
import { AxeBuilder } from '@axe-core/playwright';

export const SIZES = { wide: { width: 1280, height: 900 }, narrow: { width: 320, height: 640 } };

export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage', '--font-render-hinting=none'],
  });
}

/// A page that fails the story on any script error, any refused resource and any request that leaves this machine.
export async function open(browser, options, complaints) {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error}`));
  page.on('console', (message) => { if (message.type() === 'error') complaints.push(`${page.url()}: ${message.text()}`); });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') complaints.push(`${page.url()} asks ${request.url()}`);
  });
  return page;
}

/// What axe has against a page, by the rules of WCAG 2.2 A and AA and its own best practice.
export async function axe(page) {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
  return violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary?.split('\n').slice(1, 2).join('').trim()}`));
}

/// Whether anything makes the page scroll sideways.
export async function overflows(page) {
  return page.evaluate(() => {
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide + 1) return [];
    return [...document.querySelectorAll('body *')].filter((e) => {
      const box = e.getBoundingClientRect();
      return box.width > 0 && (box.right > wide + 1 || box.left < -1) && !e.closest('.table-frame, .hidden, .skip, .places');
    }).slice(0, 4).map((e) => `${e.tagName}.${e.className?.baseVal ?? e.className} sticks out`);
  });
}

/// Prints complaints and ends the process accordingly.
export function verdict(what, count, complaints) {
  for (const complaint of complaints) console.log(`  ${complaint}`);
  console.log(`${what}: ${count} looked at, ${complaints.length} complaints`);
  process.exit(complaints.length ? 1 : 0);
}
