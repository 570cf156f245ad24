"""What a campaign may want otherwise of pages: how large a file is, how many news are shown."""

# The file of a page, in bytes.
LARGEST = 1_000_000
# From so many headings on, a page opens with the list of them.
LONG = 4
# From so many columns on, a table does not fit a phone.
WIDE = 4

NEWS_ON_A_PAGE = 10
NEWS_IN_THE_FEED = 20
# Pages a process keeps as HTML, some tens of kilobytes each.
PAGES_KEPT = 200
# Of the files that are no pages, to who publishes.
MOST_NAMED = 10
