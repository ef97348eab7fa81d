package page

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"vitdse/dse/front"
)

// newsPath is where a served page asks how far the command is.
const newsPath = "news.json"

// Live is the page of a search that is going on, for people to read: it answers GET and HEAD only, and
// nothing that it is asked changes anything. Its methods may be called from several goroutines.
type Live struct {
	mu     sync.Mutex
	report *Report
	news   news
	stage  func() (title, text string, done, total int64) // nil between two
	// when the front is made next: making it takes a small part of the search's time
	grows time.Time
	last  chan struct{}
}

// news is how far the command is, as JSON.
type news struct {
	Version  int      `json:"version"` // of the report
	Stage    string   `json:"stage"`   // "" before the first
	Text     string   `json:"text"`    // counts, rate, ETA
	Done     int64    `json:"done"`
	Total    int64    `json:"total"` // 0 where it is not known
	Finished []string `json:"finished"`
	Ended    bool     `json:"ended"`
	Error    string   `json:"error"`
}

// NewLive makes the page of a front.
func NewLive(first *front.Front) *Live {
	l := &Live{news: news{Finished: []string{}}, last: make(chan struct{})}
	l.show(first)
	return l
}

// At says which task is at work: how far it is will be asked of the function, of which total is 0 where
// it is not known.
func (l *Live) At(stage func() (title, text string, done, total int64)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stage = stage
}

// Finished ends the task at work with a line about it.
func (l *Live) Finished(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stage = nil
	l.news.Finished = append(l.news.Finished, line)
}

// Of a search's time, making fronts for the page takes at most one part in so many.
const frontShare = 20

// Grown shows the front so far, if it is time to. A front that cannot be made yet is shown later.
func (l *Live) Grown(soFar func() (*front.Front, error)) {
	begin := time.Now()
	if soFar == nil || begin.Before(l.grows) {
		return
	}
	if front, err := soFar(); err == nil {
		l.show(front)
	}
	l.grows = time.Now().Add(max(2*time.Second, frontShare*time.Since(begin)))
}

// show makes the report of a front the page's.
func (l *Live) show(front *front.Front) {
	r, err := Of(front, MostPoints)
	if err != nil {
		return
	}
	r.Emit = "vitdse emit RUN.yaml"
	l.Replace(r)
}

// Replace makes a report the page's.
func (l *Live) Replace(r *Report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report = r
	l.news.Version++
}

// End gives the page its last word.
func (l *Live) End(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stage, l.news.Ended = nil, true
	if err != nil {
		l.news.Error = err.Error()
	}
}

// Told is closed when a page has been told that the command has ended.
func (l *Live) Told() <-chan struct{} { return l.last }

// ServeHTTP answers a page's three questions. Names of other hosts are refused, so that no page of
// another site reads this one through a name of its own (DNS rebinding).
func (l *Live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "this page is for reading: GET and HEAD only", http.StatusMethodNotAllowed)
		return
	}
	if !addressed(r.Host) {
		http.Error(w, "ask for this page by its address or as localhost", http.StatusForbidden)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var text bytes.Buffer
	var err error
	switch strings.TrimPrefix(r.URL.Path, "/") {
	case "":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		err = Write(&text, l.report, newsPath)
	case "data.json":
		w.Header().Set("Content-Type", "application/json")
		err = json.NewEncoder(&text).Encode(l.report)
	case newsPath:
		w.Header().Set("Content-Type", "application/json")
		err = json.NewEncoder(&text).Encode(l.now())
	default:
		http.NotFound(w, r)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if _, err := w.Write(text.Bytes()); err == nil && l.news.Ended && strings.HasSuffix(r.URL.Path, newsPath) {
		select {
		case <-l.last:
		default:
			close(l.last)
		}
	}
}

// now is the news of this moment.
func (l *Live) now() news {
	n := l.news
	n.Finished = slices.Clone(n.Finished)
	if l.stage != nil {
		n.Stage, n.Text, n.Done, n.Total = l.stage()
	}
	return n
}

// addressed says whether a request names this machine by an address or as localhost.
func addressed(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	return name == "localhost" || net.ParseIP(name) != nil
}
