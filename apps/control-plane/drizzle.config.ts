/** Where `npm run db:generate -w apps/control-plane` finds the tables and leaves the migrations. Row-level FORCE, grants and roles are custom migrations: the generator knows neither. */
import { defineConfig } from 'drizzle-kit';

export default defineConfig({ dialect: 'postgresql', schema: './src/db/schema/*.ts', out: './src/db/migrations' });
