import { playShare } from './campaign.js'

playShare(2)
