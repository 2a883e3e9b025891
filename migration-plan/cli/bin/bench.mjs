#!/usr/bin/env node
import { runOnProjectNode } from './bootstrap.mjs';

const [part, ...rest] = process.argv.slice(2);
if (part === 'data') await runOnProjectNode('migration-plan/bench/data.ts', rest);
else await runOnProjectNode('facade/bench/bench.ts');
