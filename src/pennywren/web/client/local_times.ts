/** Pages write times in UTC, the same for everybody; the reader's own time of day is one hover away. */

/** `2026-11-25T10:40:00Z` as the reader's clock says it, with the name of the zone; null if it is no time. */
export function localTime(rfc3339: string, locales: readonly string[], timeZone?: string): string | null {
  const moment = new Date(rfc3339);
  if (Number.isNaN(moment.getTime())) return null;
  return new Intl.DateTimeFormat([...locales], {
    dateStyle: "long",
    timeStyle: "long",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(moment);
}

/** Give each `<time datetime>` below `root` the reader's local time as its title. */
export function nameLocalTimes(root: ParentNode, locales: readonly string[]): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    const local = localTime(element.dateTime, locales);
    if (local !== null) element.title = local;
  }
}
