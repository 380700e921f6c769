import { FIELDS, type Image } from '../inventory/image.ts';
import { parseJson } from '../inventory/json-text.ts';
import type { ImageHistory, RunTime } from '../store/image-history.ts';

/** The document of `history --json`. JSON that is stored as text stands in it as JSON, its numbers as they were. */
export function historiesToJson(imageId: string, histories: readonly ImageHistory[]): unknown {
  return {
    image_id: imageId,
    accounts: histories.map((history) => ({
      account_id: history.accountId,
      exists: history.removed === undefined,
      image: imageToJson(history.image),
      first_seen: { ...runToJson(history.firstSeen), is_baseline: history.isOfBaseline },
      removed: history.removed === undefined ? null : runToJson(history.removed),
      forgotten: history.forgotten === undefined ? null : runToJson(history.forgotten),
      changes: history.changes.map(({ runId, at, kind, diff }) => ({
        ...runToJson({ runId, at }),
        kind,
        diff: parseJson(diff),
      })),
    })),
  };
}

function runToJson({ runId, at }: RunTime): object {
  return { run_id: runId, at };
}

function imageToJson(image: Image): object {
  const columns = FIELDS.map(({ key, column, kind }) => {
    const value = image[key];
    const isJson = kind === 'json' || kind === 'json-set';
    return [column, isJson && typeof value === 'string' ? parseJson(value) : value];
  });
  return { id: image.id, ...Object.fromEntries(columns) } as object;
}
