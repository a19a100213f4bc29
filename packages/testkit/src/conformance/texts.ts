/** Texts that ids, codes and names may consist of, and that careless adapters stumble over. */
import { idLengthMax } from "@holdfast/core/domain"

/**
 * All different, and different for a reason: by case, by accent, by the composition of one character, by escaping, by
 * a space inside. None is equal to another for the domain, so none may be for a journal.
 */
export const awkwardTexts: ReadonlyArray<string> = [
  "plain",
  "Plain",
  "pla in",
  "pla  in",
  "pl%in",
  "pl_in",
  "pl\\in",
  "pl\\\\in",
  "pl'in",
  "pl''in",
  'pl"in',
  "`plain`",
  "$1",
  "{plain}",
  "[plain]",
  "plain,plain",
  "plain/plain",
  "plain:plain",
  "null",
  "undefined",
  "true",
  "0",
  "00",
  "1e3",
  "-- plain; DROP TABLE events",
  "caf\u00e9",
  "cafe\u0301",
  "stra\u00dfe",
  "STRASSE",
  "\u0130stanbul",
  "i\u0307stanbul",
  "\u5009\u5eab-\u4e00",
  "\u0645\u062e\u0632\u0646",
  "box \ud83d\udce6",
  "\ud83d\udc69\u200d\ud83d\udcbb",
  "__proto__",
  "constructor",
  "x".repeat(idLengthMax),
  `${"x".repeat(idLengthMax - 1)}y`,
  "\u00e4".repeat(idLengthMax),
  "\ud83d\udce6".repeat(idLengthMax / 2)
]
