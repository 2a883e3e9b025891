import { etagOf } from '../../../service-kit/http/preconditions.ts';
import { Problem, problem } from '../../../service-kit/http/problem.ts';
import type { AddOutcome, ChangeOutcome } from '../../application/freelancer-store.ts';
import type { Freelancer } from '../../domain/freelancer.ts';

export function freelancerNotFound(id: string): Problem {
  return new Problem(
    { code: 'FREELANCER_NOT_FOUND', status: 404, title: 'There is no such freelancer' },
    `No freelancer has the id ${id}.`,
  );
}

function emailTaken(): Problem {
  return new Problem(
    { code: 'FREELANCER_EMAIL_TAKEN', status: 409, title: 'The e-mail address is taken' },
    'Another freelancer has this e-mail address, in this or another case.',
  );
}

/** What was added, now or by an earlier request under the same key; throws the problem of any other outcome. */
export function added(outcome: AddOutcome): Freelancer {
  switch (outcome.kind) {
    case 'added':
    case 'repeated':
      return outcome.freelancer;
    case 'key-reused':
      throw problem('IDEMPOTENCY_KEY_REUSED', 'The key came with another body before. Use a new key.');
    case 'email-taken':
      throw emailTaken();
    case 'number-taken':
      throw problem('DEPENDENCY_UNAVAILABLE', 'No free number was found. Try again.');
  }
}

/** What a change led to; throws the problem of a change that did not happen. */
export function changedOr(outcome: ChangeOutcome, id: string): Freelancer {
  switch (outcome.kind) {
    case 'done':
      return outcome.freelancer;
    case 'not-found':
      throw freelancerNotFound(id);
    case 'email-taken':
      throw emailTaken();
    case 'stale':
      throw problem(
        'PRECONDITION_FAILED',
        `The freelancer is at version ${etagOf(outcome.version)} now. Read it again.`,
      );
    case 'nameless': {
      const message = 'first or last name must not be blank';
      throw problem('REQUEST_INVALID', `body: name: ${message}`, [{ path: 'name', message }]);
    }
    case 'already-blocked':
      throw new Problem(
        { code: 'FREELANCER_ALREADY_BLOCKED', status: 409, title: 'The freelancer is blocked already' },
        'Activate the freelancer first to block with another reason.',
      );
  }
}
