/** A target that somebody is about to choose shows as a line in the chart. */

/** `49,65` in minor units of a currency with so many digits; null for what is no plain amount. */
export function minorUnits(text: string, digits: number): number | null {
  const found = /^\s*(\d{1,9})(?:[.,](\d{1,3}))?\s*$/.exec(text);
  const fraction = found?.[2] ?? "";
  if (!found || fraction.length > digits) return null;
  return Number(`${found[1]}${fraction.padEnd(digits, "0")}`);
}

/** Let the watch form below `root` show in the chart what is pointed at, focused or typed. */
export function tryTargets(root: ParentNode): void {
  const form = root.querySelector<HTMLFormElement>("form[data-digits]");
  const amount = form?.querySelector<HTMLInputElement>("input[name=amount]");
  if (!form || !amount) return;
  const digits = Number(form.dataset["digits"]);
  const typed = (): number | null => minorUnits(amount.value, digits);
  const show = (target: number | null): void => {
    root.querySelector("[data-chart]")?.dispatchEvent(new CustomEvent("pennywren:target", { detail: target }));
  };
  amount.addEventListener("input", () => show(typed()));
  for (const chip of form.querySelectorAll<HTMLButtonElement>("button[name=suggested]")) {
    for (const begin of ["pointerenter", "focus"]) chip.addEventListener(begin, () => show(Number(chip.value)));
    for (const end of ["pointerleave", "blur"]) chip.addEventListener(end, () => show(typed()));
  }
}
