#!/usr/bin/env node
import { runOnProjectNode } from './bootstrap.mjs';

runOnProjectNode('migration-plan/cli/run.ts');
