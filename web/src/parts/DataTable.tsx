// DataTable: a long list of which only the rows near the screen are drawn. J and K move its focus.
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";
import { Link } from "wouter";
import { usePreferences } from "../frame/preferences";
import { Icon } from "./Icon";
import { useLate } from "./Empty";

/** Where a cell stands in a row that has become a card on a phone; none: it is left out there. */
export type Place = "a1" | "a2" | "b1" | "b2" | "c1" | "c2";

export interface Column<Row> {
  name: string;
  head: string;
  number?: boolean;
  place?: Place;
  className?: string;
  /** The name under which the list can be sorted by it. */
  sort?: string;
  cell(row: Row): ReactNode;
}

export interface Sorted {
  by: string;
  descending: boolean;
  /** The address of the same list, sorted by `name`. */
  link(name: string): string;
}

/** Rows that are chosen to do something with many. */
export interface Choosing<Row> {
  has(row: Row): boolean;
  toggle(row: Row): void;
  label(row: Row): string;
  /** All rows on the screen, or none where all are. */
  toggleAll(): void;
  allLabel: string;
  all: boolean;
}

interface DataTableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  idOf(row: Row): string;
  sorted?: Sorted;
  choosing?: Choosing<Row> | undefined;
  /** The row that is open beside the list. */
  open?: string | null;
  /** What stands under an opened row. */
  under?(row: Row): ReactNode;
  waiting?: boolean;
  stale?: boolean;
  /** The last row is near: what follows should be fetched. */
  atEnd?(): void;
  className?: string;
}

const overscan = 12;
const rowHeights = { comfortable: 44, compact: 32 };

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { caption, columns, rows, idOf, waiting = false, stale = false, atEnd } = props;
  const table = useRef<HTMLTableElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const box = table.current?.getBoundingClientRect();
    if (box) setTop(box.top + scrollY);
  }, [rows.length > 0]);
  const { density } = usePreferences();
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeights[density],
    getItemKey: (index) => idOf(rows[index] as Row),
    overscan,
    scrollMargin: top,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1);
  const near = last !== undefined && last.index >= rows.length - overscan;
  useEffect(() => {
    if (near) atEnd?.();
  }, [near, rows.length, atEnd]);
  const before = (items[0]?.start ?? top) - top;
  const after = virtual.getTotalSize() - ((last?.end ?? top) - top);
  const late = useLate(waiting);
  const cells = columns.length + (props.choosing ? 1 : 0);
  return (
    <table ref={table} className={`t cards ${props.className ?? ""} ${stale ? "stale" : ""}`} aria-busy={waiting}>
      <caption className="sr">{caption}</caption>
      <Head columns={columns} sorted={props.sorted} choosing={props.choosing} />
      <tbody>
        {late && <BoneRows columns={columns} picks={props.choosing !== undefined} />}
        <Spacer height={before} columns={cells} />
        {items.map(({ index }) => (
          <DrawnRow key={idOf(rows[index] as Row)} {...props} row={rows[index] as Row} index={index} measure={virtual.measureElement} />
        ))}
        <Spacer height={after} columns={cells} />
      </tbody>
    </table>
  );
}

interface RowProps<Row> extends DataTableProps<Row> {
  row: Row;
  index: number;
  measure(element: Element | null): void;
}

function Row<Row>({ row, index, measure, columns, idOf, open, under, choosing }: RowProps<Row>) {
  const isOpen = open === idOf(row);
  const below = isOpen && under ? under(row) : null;
  const chosen = choosing?.has(row) ?? false;
  return (
    <>
      <tr ref={measure} data-index={index} className={isOpen ? (below ? "open" : "now") : undefined} aria-current={isOpen ? "true" : undefined} aria-selected={chosen || undefined}>
        {choosing && (
          <td className="pick">
            <input type="checkbox" aria-label={choosing.label(row)} checked={chosen} onChange={() => choosing.toggle(row)} />
          </td>
        )}
        {columns.map((column) => (
          <td key={column.name} className={classOf(column)}>
            {column.cell(row)}
          </td>
        ))}
      </tr>
      {below && (
        <tr className="under">
          <td colSpan={columns.length + (choosing ? 1 : 0)}>{below}</td>
        </tr>
      )}
    </>
  );
}

// A list that is scrolled draws the rows that come and leaves the others as they are.
const DrawnRow = memo(Row) as typeof Row;

function classOf<Row>({ number, place, className }: Column<Row>): string {
  return [number ? "num" : "", place ?? "hide-s", className ?? ""].join(" ").trim();
}

interface HeadProps<Row> {
  columns: readonly Column<Row>[];
  sorted: Sorted | undefined;
  choosing: Choosing<Row> | undefined;
}

function Head<Row>({ columns, sorted, choosing }: HeadProps<Row>) {
  return (
    <thead>
      <tr>
        {choosing && (
          <th className="pick" scope="col">
            <input type="checkbox" aria-label={choosing.allLabel} checked={choosing.all} onChange={choosing.toggleAll} />
          </th>
        )}
        {columns.map(({ name, head, number, sort }) => {
          const active = sorted !== undefined && sort !== undefined && sorted.by === sort;
          const order = sorted?.descending ? "descending" : "ascending";
          return (
            <th key={name} scope="col" className={number ? "num" : undefined} aria-sort={active ? order : undefined}>
              {sort && sorted ? (
                <Link href={sorted.link(sort)}>
                  {head} {active && <Icon name={sorted.descending ? "dn" : "up"} />}
                </Link>
              ) : (
                <span className={head ? undefined : "sr"}>{head || name}</span>
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

// Rows that are not drawn still have their height, so that the scroll bar is right.
function Spacer({ height, columns }: { height: number; columns: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden="true" className="spacer">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

const boneRows = 8;
function BoneRows<Row>({ columns, picks }: { columns: readonly Column<Row>[]; picks: boolean }) {
  const widths = ["w3", "w2", "w1"];
  return Array.from({ length: boneRows }, (_, row) => (
    <tr key={row} aria-hidden="true">
      {picks && <td className="pick" />}
      {columns.map((column, index) => (
        <td key={column.name} className={classOf(column)}>
          <span className="bones">
            <span className={column.number ? "w4" : widths[(row + index) % widths.length]} />
          </span>
        </td>
      ))}
    </tr>
  ));
}
