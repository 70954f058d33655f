/** Asks for the operator's token, once, where the orchestrator wants one. The token is kept in memory alone. */
import { useEffect, useRef } from 'preact/hooks';
import { tokenWanted } from './api.ts';

export function TokenDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const give = tokenWanted.value;
  useEffect(() => {
    if (give) dialog.current?.showModal();
  }, [give]);
  if (!give) return null;
  // A dialog that is closed, and not only gone, gives the focus back.
  const end = (token: string | undefined): void => {
    dialog.current?.close();
    give(token);
  };
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    end(String(new FormData(event.currentTarget).get('token') ?? ''));
  };
  return (
    <dialog ref={dialog} aria-labelledby="token-title" onCancel={() => give(undefined)}>
      <form onSubmit={submit}>
        <h2 id="token-title">Operators need the token</h2>
        <p>
          OPERATOR_TOKEN of the orchestrator. It stays in this page’s memory until you close it.
        </p>
        <label>
          Token
          <input name="token" type="password" autocomplete="off" required />
        </label>
        <p class="actions">
          <button type="submit" class="primary">
            Go on
          </button>
          <button type="button" onClick={() => end(undefined)}>
            Not now
          </button>
        </p>
      </form>
    </dialog>
  );
}
