import type { ModelAttributeColumnOptions, QueryInterface } from 'sequelize';
import type { Columns } from './columns.ts';

export type MigrationContext = {
  readonly queryInterface: QueryInterface;
  readonly columns: Columns;
  /** Creates the table, and its indexes unless they are there. */
  createTable(name: string, columns: Parameters<QueryInterface['createTable']>[1]): Promise<void>;
  /** Adds the column unless it is there. */
  addColumn(table: string, name: string, column: ModelAttributeColumnOptions): Promise<void>;
  addIndex(table: string, fields: string[], options?: { unique?: boolean }): Promise<void>;
};
