/** What every page of the website loads. Pages work without it; it only makes them better. */

import { nameLocalTimes } from "./local_times.ts";

nameLocalTimes(document, navigator.languages);
