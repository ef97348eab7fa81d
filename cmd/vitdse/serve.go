package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/page"
	"vitdse/configs"
	"vitdse/dse/front"
	"vitdse/dse/limits"
)

func newServe(a *app) *cobra.Command {
	var listen string
	var force, stay bool
	cmd := &cobra.Command{
		Use:   "serve RUN.yaml",
		Short: "Sweep, and show the front on a page of this machine as it grows",
		Long: `Does what vitdse sweep does, and meanwhile serves the page of vitdse report on this machine: how
far the search is, what has finished, and the front as it grows; filters and picks stay as it
does. At the end the page is written to report.html in the run's out, and the command
ends when an open page has the last of it; --stay serves until Ctrl-C.

The page is for reading only: no request changes anything. Other machines reach it only where
--listen names an address that they reach; it is plain HTTP, without a password.`,
		Example: "  vitdse serve configs/digits/run.yaml\n" +
			"  vitdse serve configs/digits/run.yaml --listen 127.0.0.1:9000 --stay",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := loadRun(cmd, args[0])
			if err != nil {
				return err
			}
			return a.serve(cmd.Context(), run, args[0], listen, force, stay)
		},
	}
	addFlags(cmd.Flags(), inputKeys, sweepKeys, searchKeys, pickKeys)
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:7483", "`address` and port to serve on; port 0 takes a free one")
	cmd.Flags().BoolVar(&force, "force", false, "replace the results of another or of a finished sweep")
	cmd.Flags().BoolVar(&stay, "stay", false, "go on serving after the search, until Ctrl-C")
	return cmd
}

// nothingYet is the front of a search that has not begun.
func nothingYet(m configs.Model, space configs.Space, parts []configs.Part) *front.Front {
	f := &front.Front{Partial: true, Model: m, Space: space, Objectives: limits.DefaultObjectives}
	for _, p := range parts {
		f.Parts = append(f.Parts, front.PartSummary{Part: p})
	}
	return f
}

// farewell is how long an ended command waits for an open page to ask for the last of it.
const farewell = 3 * time.Second

func (a *app) serve(ctx context.Context, run configs.Run, file, listen string, force, stay bool) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("--listen is %q; expected an address and a port, such as 127.0.0.1:7483", listen)
	}
	n, err := a.loadStudied(ctx, run)
	if err != nil {
		return err
	}
	space, parts, err := loadSpace(run)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w; give another port, or 0 for a free one", listen, err)
	}
	a.live = page.NewLive(nothingYet(n.model, space, parts))
	server := &http.Server{Handler: a.live, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	defer func() { server.Close() }()
	a.Printf("page: http://%s/\n", l.Addr())
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		a.log.Warn("the page is open to every machine that reaches the address, without a password", "address",
			l.Addr().String())
	}
	err = a.served(ctx, n, run, file, force)
	a.live.End(err)
	if err != nil {
		return err
	}
	told, late := a.live.Told(), time.After(farewell)
	if stay {
		told, late = nil, nil // they never come
		a.Printf("the search is over; the page stays until Ctrl-C\n")
	}
	select {
	case <-told:
	case <-late:
	case <-ctx.Done():
	case err := <-done:
		if !errors.Is(err, http.ErrServerClosed) {
			return err
		}
	}
	return nil
}

// served is the search whose page is served, and the page at its end.
func (a *app) served(ctx context.Context, n *trained, run configs.Run, file string, force bool) error {
	if _, err := a.checkFloat(ctx, n); err != nil {
		return err
	}
	front, err := a.sweep(ctx, n, run, force, arrayFlags{})
	if err != nil {
		return err
	}
	if err := a.showSpread(run, front, nil); err != nil {
		return err
	}
	q := asked{run: run, dir: sweepDir(run), arg: file, command: "vitdse serve " + file}
	r, err := a.buildReport(ctx, q, front)
	if err != nil {
		return err
	}
	a.live.Replace(r)
	return a.putReport(r, filepath.Join(run.Out, ReportFile))
}
