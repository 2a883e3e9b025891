#!/usr/bin/env node
import { runOnProjectNode } from './bootstrap.mjs';

await runOnProjectNode('migration-plan/cli/test/test.ts');
