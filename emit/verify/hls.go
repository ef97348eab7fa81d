package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"vitdse/configs"
	"vitdse/emit"
)

// ErrDisagree is wrapped by the error that says where RTL and HLS differ from each other.
var ErrDisagree = errors.New("RTL and HLS disagree")

// RunHLS verifies the HLS sources of an emitted folder: it compiles them as C++, runs them on the
// same memory image and compares them with the same vectors as Run does the RTL, op by op and
// element by element. There are no cycles: what a synthesis tool makes of the sources is not
// known here. The error says why nothing could be concluded; what differs is in the report.
func RunHLS(ctx context.Context, dir string, opt Options, progress func(Progress)) (*Report, error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	man, err := emit.LoadManifest(dir)
	if err != nil {
		return nil, err
	}
	if man.NoHLS != "" {
		return nil, fmt.Errorf("%s has no HLS sources: %s", dir, man.NoHLS)
	}
	changed, err := checkFolder(dir, man)
	if err != nil {
		return nil, err
	}
	program, err := hlsProgram(dir).build(ctx, progress)
	if err != nil {
		return nil, err
	}
	rep, err := newRun(ctx, configs.TargetHLS, dir, program, man, changed, opt, progress)
	if err != nil || !opt.Checks || !rep.OK && len(rep.Mismatches) > 0 {
		return rep, err
	}
	if program, err = checkedProgram(dir).build(ctx, progress); err != nil {
		return nil, err
	}
	opt.Images, opt.Full, opt.Results = min(3, rep.LogitImages), 1, ""
	checked, err := newRun(ctx, configs.TargetHLS, dir, program, man, changed, opt, func(Progress) {})
	if err != nil {
		return nil, fmt.Errorf("HLS C++ compiled with checks of indices and arithmetic: %w", err)
	}
	rep.OK = rep.OK && (checked.OK || len(changed) > 0)
	rep.Mismatches = append(rep.Mismatches, checked.Mismatches...)
	return rep, nil
}

// RunTarget verifies one target of a folder, or all. With configs.TargetAll the reports of RTL and HLS are
// also held against each other, every element of every op and every byte of the results: where
// they differ the error wraps ErrDisagree, and both reports come with it.
func RunTarget(ctx context.Context, dir string, target configs.Target, opt Options,
	progress func(Progress)) ([]*Report, error) {
	one := Run
	switch target {
	case configs.TargetRTL:
	case configs.TargetHLS:
		one = RunHLS
	case configs.TargetAll:
		return runAll(ctx, dir, opt, progress)
	default:
		return nil, fmt.Errorf("target %q; expected %s, %s or %s",
			target, configs.TargetRTL, configs.TargetHLS, configs.TargetAll)
	}
	rep, err := one(ctx, dir, opt, progress)
	if err != nil {
		return nil, err
	}
	return []*Report{rep}, nil
}

func runAll(ctx context.Context, dir string, opt Options, progress func(Progress)) ([]*Report, error) {
	tmp, err := os.MkdirTemp("", "vitdse-results-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	var reports []*Report
	var results [][]byte
	// HLS first: it is built in seconds.
	for _, t := range []struct {
		name configs.Target
		run  func(context.Context, string, Options, func(Progress)) (*Report, error)
	}{{configs.TargetHLS, RunHLS}, {configs.TargetRTL, Run}} {
		opt.Results = filepath.Join(tmp, string(t.name))
		rep, err := t.run(ctx, dir, opt, progress)
		if err != nil {
			return reports, fmt.Errorf("%s: %w", t.name, err)
		}
		data, err := os.ReadFile(opt.Results)
		if err != nil {
			return reports, err
		}
		reports, results = append(reports, rep), append(results, data)
	}
	reports[0], reports[1] = reports[1], reports[0]
	return reports, agree(reports[0], reports[1], results[1], results[0])
}

// agree holds two reports of one folder against each other.
func agree(rtl, hls *Report, rtlResults, hlsResults []byte) error {
	var errs []error
	differ := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: %s", ErrDisagree, fmt.Sprintf(format, args...)))
	}
	if rtl.Hash != hls.Hash || len(rtl.Ops) != len(hls.Ops) {
		differ("they were run on different designs")
		return errors.Join(errs...)
	}
	for i, a := range rtl.Ops {
		b := hls.Ops[i]
		if a.Compared != b.Compared || a.Mismatches != b.Mismatches || a.Digest != b.Digest {
			differ("op %s: RTL has %d elements, %d wrong, digest %s; HLS %d, %d, %s",
				a.Name, a.Compared, a.Mismatches, a.Digest, b.Compared, b.Mismatches, b.Digest)
		}
	}
	if !bytes.Equal(rtlResults, hlsResults) {
		differ("the result blocks of %d images are not the same bytes", rtl.LogitImages)
	}
	return errors.Join(errs...)
}
