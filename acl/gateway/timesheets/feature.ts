import type { RequestHandler, Response } from 'express';
import { requireRole, requireSession } from '../../gateway-kit/session-check.ts';
import type { Feature } from '../feature.ts';
import { listTimesheets } from './list.ts';
import {
  approveTimesheet,
  createTimesheet,
  editTimesheet,
  getTimesheet,
  rejectTimesheet,
  removeTimesheet,
  submitTimesheet,
} from './one-timesheet.ts';
import { SessionOver } from './other-contexts.ts';
import { TimesheetsService } from './timesheets-service.ts';

const refuseStranger = (response: Response) => void response.status(401).json({ error: 'not logged in' });
const refuseRole = (response: Response) => void response.status(403).json({ error: 'no rights' });

/** The legacy contract of /api/timesheets on the new service; which refusal comes first is the monolith's order. */
export const timesheets: Feature = {
  variable: 'TIMESHEETS_URL',
  mount(app, { service: http, identity, legacy }) {
    const service = new TimesheetsService(http);
    const canWrite = requireRole(['adm', 'dis'], refuseRole);
    app.use('/api', requireSession(identity, refuseStranger));
    app.get('/api/timesheets', asWhoAsks(listTimesheets(service, legacy)));
    app.post('/api/timesheets', canWrite, asWhoAsks(createTimesheet(service, legacy)));
    app.get('/api/timesheets/:id', asWhoAsks(getTimesheet(service, legacy)));
    app.put('/api/timesheets/:id', canWrite, asWhoAsks(editTimesheet(service, legacy)));
    app.delete('/api/timesheets/:id', canWrite, removeTimesheet(service));
    app.post('/api/timesheets/:id/submit', canWrite, asWhoAsks(submitTimesheet(service, legacy)));
    app.post('/api/timesheets/:id/approve', canWrite, asWhoAsks(approveTimesheet(service, legacy)));
    app.post('/api/timesheets/:id/reject', canWrite, asWhoAsks(rejectTimesheet(service, legacy)));
  },
};

/** Refuses who is no longer logged in when legacy is asked in their name. */
function asWhoAsks<P>(handler: RequestHandler<P>): RequestHandler<P> {
  return async (request, response, next) => {
    try {
      await handler(request, response, next);
    } catch (error) {
      if (!(error instanceof SessionOver)) throw error;
      refuseStranger(response);
    }
  };
}
