// Package page makes the report of a search: one HTML file that shows the front, why its
// points are where they are, what is inside the picked one, and what all of it rests on. The
// file asks no network for anything. Its data is in it once, as JSON that a script can read:
// the element with the id "data". docs/REPORT.md describes that JSON.
package page

// Schema is the version of the JSON in a page. It changes when a script that reads the JSON
// would have to.
const Schema = 1

// MostPoints is how many points of a front a page holds; larger fronts are thinned, and the
// page says so.
const MostPoints = 5000
