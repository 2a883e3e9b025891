import type { Response } from 'express';
import { requireRole, requireSession } from '../../gateway-kit/session-check.ts';
import type { Feature } from '../feature.ts';
import { FreelancersService } from './freelancers-service.ts';
import { listFreelancers } from './list.ts';
import {
  activateFreelancer,
  blockFreelancer,
  createFreelancer,
  editFreelancer,
  getFreelancer,
  removeFreelancer,
} from './one-freelancer.ts';

const refuseStranger = (response: Response) => void response.status(401).json({ error: 'not logged in' });
const refuseRole = (response: Response) => void response.status(403).json({ error: 'no rights' });

/** The legacy contract of /api/freelancers on the new service; which refusal comes first is the monolith's order. */
export const freelancers: Feature = {
  variable: 'FREELANCERS_URL',
  mount(app, { service: http, identity }) {
    const service = new FreelancersService(http);
    const canWrite = requireRole(['adm', 'dis'], refuseRole);
    const isAdmin = requireRole(['adm'], refuseRole);
    app.use('/api', requireSession(identity, refuseStranger));
    app.get('/api/freelancers', listFreelancers(service));
    app.post('/api/freelancers', canWrite, createFreelancer(service));
    app.get('/api/freelancers/:id', getFreelancer(service));
    app.put('/api/freelancers/:id', canWrite, editFreelancer(service));
    app.post('/api/freelancers/:id/activate', canWrite, activateFreelancer(service));
    app.post('/api/freelancers/:id/block', canWrite, blockFreelancer(service));
    app.delete('/api/freelancers/:id', isAdmin, removeFreelancer(service));
  },
};
