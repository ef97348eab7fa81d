package dse

import (
	"context"
	"os"
	"testing"
	"time"

	"vitdse/configs"
	"vitdse/dse/limits"
	"vitdse/dse/measuring"
	"vitdse/dse/pick"
	"vitdse/dse/search"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
)

// digits is the quick-start case, with its data.
func digits(t testing.TB) Study {
	t.Helper()
	in := quick(t)
	ck, err := checkpoint.Load("../configs/digits/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	data, err := dataset.Load("../configs/digits/digits.npz")
	if err != nil {
		t.Fatal(err)
	}
	n := measuring.Network{Model: in.Model}
	var errs [4]error
	n.Weights, errs[0] = ck.ViT(in.Model)
	n.Calibration, errs[1] = data.Images("train_images")
	n.Images, errs[2] = data.Images("test_images")
	n.Labels, errs[3] = data.Labels("test_labels")
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return Study{Engine: in.Engine, Network: n, Space: in.Space, Parts: in.Parts, Options: in.Options}
}

// The quick start from the checkpoint to the measured front. It runs only if
// VITDSE_QUICK is set, to a directory the results go to.
func TestQuickStartStudy(t *testing.T) {
	dir := os.Getenv("VITDSE_QUICK")
	if dir == "" {
		t.Skip("VITDSE_QUICK is not set")
	}
	s := digits(t)
	s.Options.Dir, s.Cache, s.Limits = dir+"/run", configs.NewStore(dir+"/cache", nil), limits.Limits{MaxLossDB: 6}
	start := time.Now()
	s.OnSwept = func(r search.Result) { t.Logf("swept after %v", time.Since(start)) }
	res, err := Explore(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("done after %v; %d points on fronts; best %.2f dB predicted, %.2f measured; %v",
		time.Since(start), len(res.Front.Points),
		res.Front.BestSQNRDB, res.Front.Reference.SQNRDB, res.Front.Correction)
	for _, p := range res.Front.Parts {
		t.Logf("%s: %d legal, %d fit, %d feasible, %d on the front, %d as measured, short %v",
			p.Part.Name, p.Legal, p.Fit, p.Feasible, p.Front, p.Recut, p.Short)
		for _, policy := range []configs.Pick{configs.PickKnee, configs.PickFastest, configs.PickSmallest,
			configs.PickAccurate} {
			pt, why, err := pick.Pick(res.Front, policy, pick.Query{Parts: []string{p.Part.Name}})
			t.Log(pt.Name, why, err)
		}
	}
	top, _, _ := pick.Select(res.Front, pick.Query{Parts: []string{"xc7z020"}, Top: 12})
	t.Log("\n" + res.Front.Markdown(top))
}
