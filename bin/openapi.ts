#!/usr/bin/env node
import { openApiDocument } from '../lib/shared/openapi.ts';

process.stdout.write(`${JSON.stringify(openApiDocument(), null, 2)}\n`);
