import { DataTypes, type ModelAttributeColumnOptions, type Sequelize } from 'sequelize';

type Column = ModelAttributeColumnOptions;
type Extra = Partial<Column> & { readonly null?: boolean };
type OnDelete = 'CASCADE' | 'SET NULL';

// A range of GLOB, so that SQLite refuses the same letters.
const WINDOWS_1252 = '\u0001-\u007f\u00a0-\u00ff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ';

/** Column types of the schema; NOT NULL unless `null: true`. `name` is the column's own name. */
export type Columns = ReturnType<typeof columnsFor>;

/**
 * 2021-09-14 ts: sqlite for the laptops of the trainees. It takes any length and any number, MySQL does not:
 * the CHECKs make it refuse the same rows. On MySQL what the code compares byte by byte is utf8mb4_bin.
 */
export function columnsFor(db: Sequelize) {
  const sqlite = db.getDialect() === 'sqlite';
  const column = (type: string, check: string, extra: Extra = {}): Column => {
    const { null: nullable, ...rest } = extra;
    return {
      ...rest,
      type: sqlite && check ? `${type} CHECK (${check})` : type,
      allowNull: nullable ?? false,
    };
  };
  const bytewise = sqlite ? '' : ' CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
  return {
    id: (): Column => ({ type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true, allowNull: false }),
    str: (name: string, size: number, extra?: Extra) =>
      column(`VARCHAR(${size})`, `length(${name}) <= ${size}`, extra),
    /** Compared byte by byte. */
    code: (name: string, size: number, extra?: Extra) =>
      column(`VARCHAR(${size})${bytewise}`, `length(${name}) <= ${size}`, extra),
    /** Compared without regard to case; on MySQL also to accents and trailing spaces. */
    ci: (name: string, size: number, extra?: Extra) =>
      column(`VARCHAR(${size})${sqlite ? ' COLLATE NOCASE' : ''}`, `length(${name}) <= ${size}`, extra),
    /** MySQL's latin1, which is Windows-1252: what it does not have is refused. */
    latin1: (name: string, size: number, extra?: Extra) =>
      column(
        `VARCHAR(${size})${sqlite ? '' : ' CHARACTER SET latin1 COLLATE latin1_german1_ci'}`,
        `length(${name}) <= ${size} AND ${name} NOT GLOB '*[^${WINDOWS_1252}]*'`,
        extra,
      ),
    /** Compared without regard to case. */
    email: (name: string, extra?: Extra) =>
      column(`VARCHAR(160)${sqlite ? ' COLLATE NOCASE' : ''}`, `length(${name}) <= 160`, extra),
    chr: (name: string, size: number, extra?: Extra) =>
      column(`CHAR(${size})${bytewise}`, `length(${name}) <= ${size}`, extra),
    /** As many bytes as MySQL's TEXT holds, which are not as many letters. */
    text: (name: string, extra?: Extra) => column('TEXT', `length(CAST(${name} AS BLOB)) <= 65535`, extra),
    int: (name: string, extra?: Extra) =>
      column('INTEGER', `${name} BETWEEN -2147483648 AND 2147483647`, extra),
    dec: (name: string, digits: number, extra?: Extra) =>
      column(`DECIMAL(${digits},2)`, `abs(${name}) < 1e${digits - 2}`, extra),
    bool: (name: string, extra?: Extra) => column('TINYINT(1)', `${name} BETWEEN -128 AND 127`, extra),
    /** `YYYY-MM-DD`; the old import left `0000-00-00`. */
    date: (name: string, extra?: Extra) =>
      column('DATE', `${name} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'`, extra),
    /** `YYYY-MM-DD HH:mm:ss`, UTC. */
    datetime: (name: string, extra?: Extra) => column('DATETIME', `length(${name}) = 19`, extra),
    enum: (name: string, values: readonly string[], extra?: Extra) => {
      const list = values.map((value) => `'${value}'`).join(',');
      return column(sqlite ? 'VARCHAR(10)' : `ENUM(${list})`, `${name} IN (${list})`, extra);
    },
    fk: (table: string, key: string, onDelete: OnDelete, extra?: Extra) =>
      column('INTEGER', '', {
        references: { model: table, key },
        onDelete,
        onUpdate: 'CASCADE',
        ...extra,
      }),
  };
}
