/** What went wrong with a request, as spans and figures say it. By convention a 5xx is the server's error, a 4xx its caller's. */
export function toRequestError(status: number | null): string | undefined {
  if (status === null) return 'no-answer';
  return status >= 500 ? String(status) : undefined;
}
