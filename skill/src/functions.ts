/** The component's functions by the names that callers use. */

import type { Component, DocumentReply } from './contract.ts';

type Functions = Awaited<ReturnType<Component['instantiate']>>['functions'];

/**
 * Calls a function with a JSON document. One that there is not is refused by the function that describes all others, as if the name
 * were the whole request: that is how every host refuses it.
 */
export async function call(functions: Functions, name: string, document: string): Promise<DocumentReply> {
  const isKnown = functions.listFunctions().some((known) => known.name === name);
  if (!isKnown) {
    const { tag, val } = await functions.describeFunction(JSON.stringify({ function: name }));
    return { tag, val: val.replaceAll('"path":"/function"', '"path":""') };
  }
  // jco writes the name of an export in camel case.
  const exported = name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()) as Exclude<keyof Functions, 'listFunctions'>;
  return functions[exported](document);
}
