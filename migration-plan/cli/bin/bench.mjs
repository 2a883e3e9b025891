#!/usr/bin/env node
import { runOnProjectNode } from './bootstrap.mjs';

await runOnProjectNode('facade/bench/bench.ts');
