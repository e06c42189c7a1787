// What makes pages swifter where scripts run. Every page does its work without it.
(() => {
  'use strict';
  const root = document.documentElement;
  root.classList.add('has-script');

  // A form is sent once, however often its button is pressed; a form that stays may be sent again after a while.
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (!form.matches('[data-once]') || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = 'yes';
    form.querySelectorAll('button[type=submit]').forEach((button) => button.classList.add('is-sent'));
  });
  // Coming back by the browser's own button shows the form as it was.
  window.addEventListener('pageshow', () => document.querySelectorAll('[data-sent]').forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll('.is-sent').forEach((button) => button.classList.remove('is-sent'));
  }));

  // Dialogs: the opener's link becomes a modal dialog; Escape and the second button leave it.
  document.addEventListener('click', (event) => {
    const opener = event.target.closest('[data-opens]');
    if (opener) {
      const dialog = document.getElementById(opener.dataset.opens);
      if (dialog && dialog.showModal) { event.preventDefault(); dialog.showModal(); }
      return;
    }
    const closer = event.target.closest('[data-closes]');
    if (closer) { event.preventDefault(); const dialog = closer.closest('dialog'); if (dialog) dialog.close(); return; }
    if (event.target.closest('[data-act=print]')) window.print();
  });
  // What looks like a button is pressed like one.
  document.addEventListener('keydown', (event) => {
    if (event.key === ' ' && event.target.matches('a[role=button]')) { event.preventDefault(); event.target.click(); }
  });

  const begin = (within) => {
    const problems = within.querySelector('[data-focus]');
    if (problems) problems.focus();
  };
  begin(document);
  document.addEventListener('htmx:after:swap', (event) => begin(event.target));

  // The day's schedule: a drag writes into the fields, and the fields are what is sent.
  let held = null;
  const pairs = (svg) => svg.closest('.schedule-editor');
  document.addEventListener('pointerdown', (event) => {
    const handle = event.target.closest('.handle');
    const editor = handle && pairs(handle);
    if (!editor) return;
    held = { handle, editor, svg: handle.ownerSVGElement };
    handle.setPointerCapture(event.pointerId);
    handle.classList.add('is-held');
    event.preventDefault();
  });
  document.addEventListener('pointermove', (event) => {
    if (!held) return;
    const { handle, editor, svg } = held;
    const box = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.height / box.height;
    const y = (event.clientY - box.top) * scale;
    const top = Number(svg.dataset.top);
    const base = Number(svg.dataset.base);
    const most = Number(svg.dataset.most);
    const share = Math.min(1, Math.max(0, (base - y) / (base - top)));
    const field = editor.querySelector(`[data-rate="${handle.dataset.step}"]`);
    if (!field) return;
    // Two hundred steps over the height: no finer than a finger, and no digits that nobody meant.
    const value = Number((Math.round(share * 200) / 200 * most).toPrecision(3));
    field.value = String(value).replace('.', root.lang === 'de' ? ',' : '.');
    handle.setAttribute('y', String(base - value / most * (base - top) - 8));
    editor.classList.add('is-dirty');
  });
  document.addEventListener('pointerup', () => {
    if (!held) return;
    const field = held.editor.querySelector(`[data-rate="${held.handle.dataset.step}"]`);
    held.handle.classList.remove('is-held');
    held = null;
    if (field) { field.dispatchEvent(new Event('change', { bubbles: true })); field.focus(); }
  });
})();
