import { etagOf } from '../../../service-kit/http/preconditions.ts';
import { Problem, problem } from '../../../service-kit/http/problem.ts';
import type { AddOutcome, ChangeOutcome } from '../../application/timesheet-store.ts';
import { statusesFor, type Timesheet } from '../../domain/timesheet.ts';

export function timesheetNotFound(id: string): Problem {
  return new Problem(
    { code: 'TIMESHEET_NOT_FOUND', status: 404, title: 'There is no such timesheet' },
    `No timesheet has the id ${id}.`,
  );
}

function dayFull(): Problem {
  return new Problem(
    { code: 'TIMESHEET_DAY_FULL', status: 409, title: 'The day has no room' },
    'The freelancer would have more than 24 hours on that day, over all projects, rejected ones left out.',
  );
}

/** What was added, now or by an earlier request under the same key; throws the problem of any other outcome. */
export function added(outcome: AddOutcome): Timesheet {
  switch (outcome.kind) {
    case 'added':
    case 'repeated':
      return outcome.timesheet;
    case 'key-reused':
      throw problem('IDEMPOTENCY_KEY_REUSED', 'The key came with another body before. Use a new key.');
    case 'day-full':
      throw dayFull();
    case 'number-taken':
      throw problem('DEPENDENCY_UNAVAILABLE', 'No free number was found. Try again.');
  }
}

/** What a change led to; throws the problem of a change that did not happen. */
export function changedOr(outcome: ChangeOutcome, id: string): Timesheet {
  switch (outcome.kind) {
    case 'done':
      return outcome.timesheet;
    case 'not-found':
      throw timesheetNotFound(id);
    case 'day-full':
      throw dayFull();
    case 'stale':
      throw problem(
        'PRECONDITION_FAILED',
        `The timesheet is at version ${etagOf(outcome.version)} now. Read it again.`,
      );
    case 'wrong-status': {
      const { action, status } = outcome;
      throw new Problem(
        {
          code: 'TIMESHEET_WRONG_STATUS',
          status: 409,
          title: 'The status of the timesheet does not allow it',
        },
        `${action}: expected a timesheet that is ${statusesFor(action).join(' or ')}, got one that is ${status}.`,
      );
    }
  }
}
