export function template(): string;
export function page(template: string, document: unknown): string;
