/** What another client of the same user sent, and how often it was refused. */
export interface Sent {
  readonly requests: number;
  readonly refused: number;
}

/** A client that asks steadily until it is stopped. */
export interface Neighbour {
  /** Resolves when its last request was answered. */
  stop(): Promise<Sent>;
}

/**
 * Starts another client of the same quota: one small request every so often, whatever the answers are.
 *
 * @param url - What it asks for.
 */
export function startNeighbour(url: string, token: string, everyMs: number): Neighbour {
  const answers: Promise<number>[] = [];
  const ask = async (): Promise<number> => {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    await answer.arrayBuffer();
    return answer.status;
  };
  const timer = setInterval(() => void answers.push(ask()), everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      const statuses = await Promise.all(answers);
      return {
        requests: statuses.length,
        refused: statuses.filter((status) => status === 429).length,
      };
    },
  };
}
