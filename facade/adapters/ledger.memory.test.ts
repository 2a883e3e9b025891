import { openMemoryLedger } from './ledger.memory.ts';
import { ledgerSuite } from './ledger.suite.ts';

ledgerSuite('memory', async () => openMemoryLedger());
