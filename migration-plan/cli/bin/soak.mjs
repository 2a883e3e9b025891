#!/usr/bin/env node
import { runOnProjectNode } from './bootstrap.mjs';

await runOnProjectNode('migration-plan/cli/soak/soak.ts');
