/** A replica's feed. Whoever comes from another replica may be ahead of this one, which is no reason to begin anew. */
import type { FeedEvent, Journal, Position } from '@baton/saga';
import { JournalFeed } from '@baton/saga/embedded/feed';

export class FollowingFeed extends JournalFeed {
  readonly #catchUp: () => Promise<void>;

  constructor(journal: Journal, guard: (work: () => void) => void, catchUp: () => Promise<void>) {
    super(journal, guard);
    this.#catchUp = catchUp;
  }

  override async read(after: Position, limit: number): Promise<readonly FeedEvent[] | undefined> {
    const page = await super.read(after, limit);
    if (page) return page;
    await this.#catchUp();
    return super.read(after, limit);
  }
}
