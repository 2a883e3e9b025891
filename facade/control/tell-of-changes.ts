import { type Notifier, noticeOf } from '../core/notifier.ts';
import type { Control } from './control.ts';

/** Tells of every change that this instance records: of several replicas, each tells of its own. */
export function tellOfChanges(control: Control, notifier: Notifier): void {
  control.watch((event) => {
    const notice = event.kind === 'appended' ? noticeOf(event.entries) : null;
    if (notice) notifier.tell(notice);
  });
}
