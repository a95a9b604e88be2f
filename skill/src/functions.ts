/** The component's functions by the names that callers use. */

import type { Component, DocumentReply } from './contract.ts';

type Functions = Awaited<ReturnType<Component['instantiate']>>['functions'];

/** Exports of the same interface that are no functions for callers. */
const ABOUT_FUNCTIONS = ['listFunctions', 'refuseName'] as const;
type Called = Exclude<keyof Functions, (typeof ABOUT_FUNCTIONS)[number]>;

/** Calls a function with a JSON document. A name that none has is refused by the component. */
export async function call(functions: Functions, name: string, document: string): Promise<DocumentReply> {
  // Callers write snake case and nothing else; jco writes the name of an export in camel case.
  const exported = /^[a-z_]+$/.test(name) ? name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()) : '';
  const isKnown = Object.hasOwn(functions, exported) && !ABOUT_FUNCTIONS.some((about) => about === exported);
  return isKnown ? functions[exported as Called](document) : functions.refuseName(name);
}
