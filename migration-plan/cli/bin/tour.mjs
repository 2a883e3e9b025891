#!/usr/bin/env node
import { runOnProjectNode } from './bootstrap.mjs';

runOnProjectNode('migration-plan/tour/tour.ts');
