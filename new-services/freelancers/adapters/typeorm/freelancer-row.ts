import { EntitySchema } from 'typeorm';
import { bigintAsNumber } from '../../../service-kit/database/columns.ts';
import { emailKey, type Freelancer, type Status } from '../../domain/freelancer.ts';

/** A row of table `freelancer`; the properties are its columns. */
export type FreelancerRow = {
  id: string;
  number: number;
  first_name: string;
  last_name: string;
  matchcode: string;
  status: Status;
  block_reason: string | null;
  rate_amount: string;
  currency: string;
  skills: string[];
  email: string | null;
  email_key: string | null;
  phone: string | null;
  city: string | null;
  country: string | null;
  notes: string | null;
  available_from: string | null;
  archived: boolean;
  created_at: Date;
  updated_at: Date;
  version: number;
};

export const FreelancerEntity = new EntitySchema<FreelancerRow>({
  name: 'freelancer',
  tableName: 'freelancer',
  columns: {
    id: { type: 'uuid', primary: true },
    number: { type: 'bigint', transformer: bigintAsNumber },
    first_name: { type: 'text' },
    last_name: { type: 'text' },
    matchcode: { type: 'text' },
    status: { type: 'text' },
    block_reason: { type: 'text', nullable: true },
    rate_amount: { type: 'numeric', precision: 17, scale: 2 },
    currency: { type: 'text' },
    skills: { type: 'text', array: true },
    email: { type: 'text', nullable: true },
    email_key: { type: 'text', nullable: true },
    phone: { type: 'text', nullable: true },
    city: { type: 'text', nullable: true },
    country: { type: 'text', nullable: true },
    notes: { type: 'text', nullable: true },
    available_from: { type: 'date', nullable: true },
    archived: { type: 'boolean' },
    created_at: { type: 'timestamptz', precision: 3 },
    updated_at: { type: 'timestamptz', precision: 3 },
    version: { type: 'integer' },
  },
});

export const freelancerColumns = Object.keys(FreelancerEntity.options.columns);

export function toRow(freelancer: Freelancer): FreelancerRow {
  const { email } = freelancer;
  return {
    id: freelancer.id,
    number: freelancer.number,
    first_name: freelancer.name.first,
    last_name: freelancer.name.last,
    matchcode: freelancer.matchcode,
    status: freelancer.status,
    block_reason: freelancer.blockReason,
    rate_amount: freelancer.hourlyRate.amount,
    currency: freelancer.hourlyRate.currency,
    skills: [...freelancer.skills],
    email,
    email_key: email === null ? null : emailKey(email),
    phone: freelancer.phone,
    city: freelancer.city,
    country: freelancer.country,
    notes: freelancer.notes,
    available_from: freelancer.availableFrom,
    archived: freelancer.archived,
    created_at: freelancer.createdAt,
    updated_at: freelancer.updatedAt,
    version: freelancer.version,
  };
}

export function fromRow(row: FreelancerRow): Freelancer {
  return {
    id: row.id,
    number: row.number,
    name: { first: row.first_name, last: row.last_name },
    matchcode: row.matchcode,
    status: row.status,
    blockReason: row.block_reason,
    hourlyRate: { amount: row.rate_amount, currency: row.currency },
    skills: row.skills,
    email: row.email,
    phone: row.phone,
    city: row.city,
    country: row.country,
    notes: row.notes,
    availableFrom: row.available_from,
    archived: row.archived,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
  };
}
