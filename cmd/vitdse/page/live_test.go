package page

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"vitdse/dse/front"
)

// A page that is served reads only, and answers nobody who calls this machine by a name of his own.
func TestLiveRefuses(t *testing.T) {
	server := httptest.NewServer(NewLive(made(3)))
	defer server.Close()
	for _, c := range []struct {
		name, method, path, host string
		code                     int
	}{
		{"page", "GET", "/", "", 200},
		{"page as localhost", "GET", "/", "localhost:80", 200},
		{"news", "GET", "/news.json", "", 200},
		{"data", "HEAD", "/data.json", "", 200},
		{"another file", "GET", "/etc/passwd", "", 404},
		{"post", "POST", "/", "", 405},
		{"delete", "DELETE", "/data.json", "", 405},
		{"another host", "GET", "/data.json", "evil.example:80", 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = c.host
			answer, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if answer.Body.Close(); answer.StatusCode != c.code {
				t.Errorf("status %s; expected %d", answer.Status, c.code)
			}
		})
	}
}

// Fronts are made now and then, one that cannot be made is passed over, and the last word is told once.
func TestLiveNews(t *testing.T) {
	l := NewLive(made(1))
	server := httptest.NewServer(l)
	defer server.Close()
	ask := func() (n news) {
		answer, err := http.Get(server.URL + "/" + newsPath)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err == nil {
			err = json.Unmarshal(text, &n)
		}
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	l.Grown(func() (*front.Front, error) { return nil, errors.New("not yet") })
	l.grows = time.Time{}
	l.Grown(func() (*front.Front, error) { return made(2), nil })
	l.Grown(func() (*front.Front, error) { t.Error("a front is made again at once"); return nil, nil })
	l.At(func() (title, text string, done, total int64) { return "sweep", "half", 1, 2 })
	if n := ask(); n.Version != 2 || n.Stage != "sweep" || n.Done != 1 || n.Total != 2 || n.Ended {
		t.Errorf("while the search runs: %+v", n)
	}
	l.Finished("sweep: done")
	l.End(errors.New("no more"))
	select {
	case <-l.Told():
		t.Error("told before anybody asked")
	default:
	}
	for range 2 {
		if n := ask(); n.Stage != "" || len(n.Finished) != 1 || !n.Ended || n.Error != "no more" {
			t.Errorf("at the end: %+v", n)
		}
	}
	<-l.Told()
}

// In a browser the front grows on the page without what the reader chose going away, and the page says
// when the command has ended.
func TestLivePage(t *testing.T) {
	l := NewLive(made(3))
	server := httptest.NewServer(l)
	defer server.Close()
	ctx := browse(t, server.URL)
	do(t, ctx, runtime.Enable(), chromedp.Navigate(server.URL+"/"),
		chromedp.WaitReady("#live[data-state=running]", chromedp.ByQuery),
		chromedp.Evaluate(`vitdse.state.pick(1); vitdse.state.limit("fps", 1, Infinity)`, nil))
	name := value[string](t, ctx, `vitdse.front.report.points.name[1]`)
	l.At(func() (title, text string, done, total int64) { return "sweep", "4/8 points", 4, 8 })
	grown, err := Of(made(7), 0)
	if err != nil {
		t.Fatal(err)
	}
	l.Replace(grown)
	do(t, ctx, chromedp.Poll(`vitdse.front.n === 7`, nil),
		chromedp.WaitReady("#live progress[value='4'][max='8']", chromedp.ByQuery))
	if got := value[string](t, ctx, `vitdse.front.report.points.name[vitdse.state.picks[0]]`); got != name {
		t.Errorf("the pick is %s after the front grew; it was %s", got, name)
	}
	if got := value[float64](t, ctx, `vitdse.state.limitOf("fps")[0]`); got != 1 {
		t.Errorf("the limit is %g after the front grew; it was 1", got)
	}
	l.End(nil)
	do(t, ctx, chromedp.WaitReady("#live[data-state=ended]", chromedp.ByQuery))
	server.Close()
	if text := value[string](t, ctx,
		`document.getElementById("live").textContent`); text != "The command has come to its end: this is the whole of it." {
		t.Errorf("at the end the page says %q", text)
	}
}
