import { hashPassword } from '../lib/password.ts';
import { FIRST_DAY, LAST_DAY, officeTime } from './calendar.ts';
import { prng } from './prng.ts';
import type { TableRow } from './row.ts';

/** Login, name, role, and whether somebody may still log in. The first three are there to be used: password as login. */
const USERS = [
  ['admin', 'Administrator', 'adm', 1],
  ['disp', 'Dörte Disponentin', 'dis', 1],
  ['guest', 'Gast', 'ro', 1],
  ['mkoenig', 'Marie König', 'dis', 1],
  ['tschroeder', 'Torsten Schröder', 'dis', 1],
  ['jbaecker', 'Jörg Bäcker', 'dis', 0],
  ['fibu', 'Buchhaltung (Server)', 'dis', 1],
  ['awojcik', 'Agnieszka Wójcik', 'dis', 1],
  ['chef', 'Dr. Günther Groß', 'adm', 1],
  ['praktikant', 'Praktikant/in', 'ro', 0],
  ['oshevchenko', 'Олена Шевченко', 'ro', 1],
  ['revision', 'Revision 2019', 'ro', 0],
] as const;
const DEMO_USERS = 3;

/** The dispatchers, who approve hours: number and login. */
export const DISPATCHERS = [2, 4, 5, 8] as const;
export const loginOf = (userId: number): string => USERS[userId - 1]![0];
/** Whose server sends the data files. */
export const FIBU_USER = 7;

export function* users(seed: number): Generator<TableRow> {
  for (const [index, [login, name, role, active]] of USERS.entries()) {
    const r = prng(`${seed}/user/${login}`);
    const word = () =>
      Math.floor(r.next() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    const salt = word();
    const password = index < DEMO_USERS ? login : word() + word();
    yield {
      table: 'users',
      row: {
        usr_id: index + 1,
        usr_login: login,
        usr_name: name,
        usr_pass: hashPassword(password, salt),
        usr_role: role,
        usr_active: active,
        last_login:
          index < DEMO_USERS
            ? null
            : officeTime(active ? LAST_DAY : r.int(FIRST_DAY + 900, LAST_DAY - 300), r.next()),
        created: officeTime(FIRST_DAY, 0),
      },
    };
  }
}
