// The parser of HTML and XML, with a limit on what is open at once: its time grows with the square of that, and a megabyte of `<div>` takes half a minute.
import { Parser } from 'htmlparser2';
import { DocumentRefusal } from './document-refusal.ts';
import { parsingLimits } from './parsing-limits.ts';

/** What is made of a document on its way; elements that are never closed stay open until one around them ends. */
export type MarkupHandler = {
  onopentag(name: string, attributes: Readonly<Record<string, string>>): void;
  ontext?(piece: string): void;
  onclosetag(name: string): void;
};

/** Opens it; `write` throws a refusal for a document that is nested too deeply. */
export function openMarkupParser(handler: MarkupHandler, { xmlMode }: { readonly xmlMode: boolean }): Parser {
  let depth = 0;
  return new Parser(
    {
      ...handler,
      onopentag(name, attributes) {
        depth += 1;
        if (depth > parsingLimits.openElements)
          throw new DocumentRefusal(`it is nested too deeply, more than ${parsingLimits.openElements} times`);
        handler.onopentag(name, attributes);
      },
      onclosetag(name) {
        // A stray end, such as that of a paragraph, opens and closes in one.
        depth = Math.max(0, depth - 1);
        handler.onclosetag(name);
      },
    },
    { xmlMode },
  );
}
