// What a Go team would write over PostgreSQL: net/http, a pool of pgx, one INSERT … ON CONFLICT DO NOTHING a report, an
// answer when it has been committed.
//
//	go_service ADDRESS    prints its port, runs until its standard input closes; ADDRESS as pgx takes it
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/jackc/pgx/v5/pgxpool"
)

const insert = `INSERT INTO conversions (click_id, goal_id, goal_type, status, provenance, route, affiliate_id, amount, currency)
VALUES ($1, $2, $3, 'pending', 'reported', $4, $5, $6, 'USD') ON CONFLICT DO NOTHING`

type report struct {
	Click     string      `json:"click_id"`
	Affiliate string      `json:"affiliate_id"`
	Amount    json.Number `json:"amount"`
}

type service struct{ pool *pgxpool.Pool }

func (s service) record(w http.ResponseWriter, r *http.Request, given report, goal, kind, route string) {
	if given.Click == "" || given.Affiliate == "" {
		http.Error(w, `{"success":false,"message":"click_id and affiliate_id are required"}`, http.StatusBadRequest)
		return
	}
	done, err := s.pool.Exec(r.Context(), insert, given.Click, goal, kind, route, given.Affiliate, given.Amount.String())
	if err != nil {
		http.Error(w, `{"success":false,"message":"try again"}`, http.StatusServiceUnavailable)
		return
	}
	verdict, known := "recorded", done.RowsAffected() == 0
	if known {
		verdict = "duplicate"
	}
	body := fmt.Sprintf(`{"success":true,"message":"Conversion recorded","verdict":"%s","isDuplicate":%t,"data":{"click_id":%q,`+
		`"goal_id":%q,"goal_type":%q,"status":"pending","affiliate_id":%q,"amount":"%s","currency":"USD"}}`,
		verdict, known, given.Click, goal, kind, given.Affiliate, given.Amount)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	io.WriteString(w, body)
}

func (s service) postback(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	s.record(w, r, report{query.Get("click_id"), query.Get("affiliate_id"), "0"}, "5", "registration", "postback")
}

func (s service) deposit(w http.ResponseWriter, r *http.Request) {
	var given report
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 65536)).Decode(&given); err != nil {
		http.Error(w, `{"success":false,"message":"no JSON"}`, http.StatusBadRequest)
		return
	}
	s.record(w, r, given, "6", "deposit", "ftd")
}

func main() {
	if len(os.Args) != 2 {
		os.Exit(2)
	}
	pool, err := pgxpool.New(context.Background(), os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	served := service{pool}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/postback", served.postback)
	mux.HandleFunc("POST /api/ftd", served.deposit)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go func() { log.Fatal(http.Serve(listener, mux)) }()
	io.Copy(io.Discard, os.Stdin)
}
